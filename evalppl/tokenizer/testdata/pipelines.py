"""Makes pipelines.json: random tokenizers over all that is built, and what the official library does with random texts.

    python -m venv /tmp/venv && /tmp/venv/bin/pip install tokenizers==0.23.3 && /tmp/venv/bin/python pipelines.py 7 160 pipelines.json

Arguments: seed, number of tokenizers, output. Texts on which the library itself panics are left out.
"""
import json,random,sys,unicodedata
import tokenizers
from tokenizers import Tokenizer
R=random.Random(int(sys.argv[1])); N=int(sys.argv[2])
wv={}
for c in range(0x20,0x180): wv[chr(c)]=len(wv)
for c in '▁ĠĊ。，你好的世界안녕🙂🏽': wv.setdefault(c,len(wv))
wm=[]
for a,b in [('t','h'),('th','e'),('i','n'),('a','n'),('e','r'),('▁','t'),('▁','▁'),('▁t','he'),('▁▁','▁▁'),('o','n'),('in','g'),(' ','t'),('Ġ','t'),(' ',' '),('1','2'),('.','.'),('..','.'),('\'','s')]:
    wv.setdefault(a,len(wv)); wv.setdefault(b,len(wv)); wv.setdefault(a+b,len(wv)); wm.append([a,b])
plain={"type":"BPE","dropout":None,"unk_token":None,"continuing_subword_prefix":None,"end_of_word_suffix":None,"fuse_unk":False,"byte_fallback":False,"ignore_merges":False,"vocab":wv,"merges":wm}
def unk(fuse,bf=0):
    v=dict(wv); v['<unk>']=len(v)
    if bf:
        for i in range(bf): v['<0x%02X>'%i]=len(v)
    return {**plain,'vocab':v,'unk_token':'<unk>','fuse_unk':fuse,'byte_fallback':bf>0}
def pfx():
    v={};m=[]
    def add(t): v.setdefault(t,len(v))
    for c in 'abcdefghinorst':
        for t in (c,'##'+c,c+'</w>','##'+c+'</w>'): add(t)
    for a,b in [('t','##h'),('th','##e</w>'),('##i','##n'),('##in','##g</w>'),('a','##n'),('an','##d</w>'),('##e','##r'),('##t','##h')]:
        add(a);add(b);add(a+b[2:]); m.append([a,b])
    add('<unk>')
    return {**plain,'vocab':v,'merges':m,'continuing_subword_prefix':'##','end_of_word_suffix':'</w>','unk_token':'<unk>'}
def bl():
    # the byte-level alphabet of GPT-2 and a few merges
    bs=list(range(33,127))+list(range(161,173))+list(range(174,256)); cs=bs[:]
    for i in range(256):
        if i not in bs: bs.append(i); cs.append(256+len(cs)-188)
    v={chr(c):i for i,c in enumerate(cs)}; m=[]
    for a,b in [('t','h'),('th','e'),('Ġ','t'),('Ġt','he'),('i','n'),('in','g'),('a','n'),('an','d'),('Ġ','Ġ'),('ĠĠ','ĠĠ'),('Ã','©'),('1','2'),('ä','½'),('ä½','ł'),('Ċ','Ċ'),('o','o'),('f','oo'),('l','l')]:
        v.setdefault(a+b,len(v)); m.append(a+' '+b)
    v['hello']=len(v); v['Ġfoo']=len(v)   # no merge leads here: only ignore_merges finds them
    return {**plain,'vocab':v,'merges':m}
models={'plain':plain,'unk':unk(False),'unkfuse':unk(True),'bf256':unk(True,256),'bf200':unk(True,200),'bf200nf':unk(False,200),'bl':bl(),'pfx':pfx(),'ign':{**bl(),'ignore_merges':True}}
BL=lambda **k:{"type":"ByteLevel","add_prefix_space":False,"trim_offsets":True,"use_regex":True,**k}
RX=[r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
 r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
 r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
 r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
 r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
 r"[一-龥぀-ゟ゠-ヿ]+", r"\p{N}{1,3}", r"\w+|[^\w\s]+", r"\d{1,3}(?=(?:\d{3})*\b)", r"\W", r"\b", r"^\s*", r"$", r"x*", r"\s++|\S{2,3}+", r"(?<=\p{L})(?=\p{N})", r"[\w.]+@?", r"[[:alpha:]]+|[[:digit:][:punct:]]", r"\h+", r".+", r"[^\n]\n?", r"\p{^L}+", r"\P{Han}", r" {2,}?", r"a{,2}", r"\p{Lu}?\p{Ll}+|(?i:the)|[^\S\r\n]+",
 r"[\D]+", r"\s*[\r\n]+|[\S]+", r"(?>\s+)(?!\n)|\S",r"[[:upper:]]+|[[:lower:]]|[[:alnum:]]",r"[[:space:][:cntrl:]]+",r"[[:word:]]+",r"[^[:alpha:]]", r"\p{Alphabetic}+", r"[\W]+",
 r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"]
beh=["Removed","Isolated","MergedWithPrevious","MergedWithNext","Contiguous"]
def pat():
    return {"Regex":R.choice(RX)} if R.random()<.75 else {"String":R.choice([" ","a","the","..","\n","▁","é"])}
def pre1():
    k=R.randrange(9)
    if k==0: return BL(add_prefix_space=R.random()<.5,use_regex=R.random()<.6)
    if k<=3: return {"type":"Split","pattern":pat(),"behavior":R.choice(beh),"invert":R.random()<.3}
    if k==4: return {"type":"Digits","individual_digits":R.random()<.5}
    if k==5: return {"type":"Metaspace","replacement":"▁","prepend_scheme":R.choice(["always","first","never"]),"split":R.random()<.6}
    if k==6: return {"type":"Whitespace"}
    if k==7: return {"type":"WhitespaceSplit"}
    return {"type":"Punctuation","behavior":R.choice(beh)}
def norm1():
    k=R.randrange(11)
    if k==0: return {"type":"Prepend","prepend":R.choice(["▁"," ","xy"])}
    if k in(1,2): return {"type":"Replace","pattern":R.choice([{"String":" "},{"String":"the"},{"Regex":"\\s+"},{"Regex":"[^a-z]"},{"Regex":" {2,}"},{"Regex":"\\p{M}"}]),"content":R.choice(["▁",""," ","$1"])}
    if k<=6: return {"type":["NFC","NFD","NFKC","NFKD"][k-3]}
    if k==7: return {"type":"Lowercase"}
    if k==8: return {"type":"Strip","strip_left":R.random()<.5,"strip_right":R.random()<.5}
    if k==9: return {"type":"StripAccents"}
    return {"type":"ByteLevel"}
def seq(f,key,p0):
    if R.random()<p0: return None
    n=R.choice([1,1,2,3]); l=[f() for _ in range(n)]
    return l[0] if n==1 and R.random()<.7 else {"type":"Sequence",key:l}
def dec1():
    k=R.randrange(9)
    if k<=1: return {"type":"ByteLevel","add_prefix_space":True,"trim_offsets":True,"use_regex":True}
    if k==2: return {"type":"Replace","pattern":R.choice([{"String":"▁"},{"Regex":"[▁t]+"}]),"content":" "}
    if k==3: return {"type":"ByteFallback"}
    if k==4: return {"type":"Fuse"}
    if k==5: return {"type":"Strip","content":R.choice([" ","▁","t"]),"start":R.randrange(3),"stop":0}
    if k==6: return {"type":"Metaspace","replacement":"▁","prepend_scheme":R.choice(["always","first","never"]),"split":True}
    if k==7: return {"type":"BPEDecoder","suffix":"</w>"}
    return {"type":"WordPiece","prefix":"##","cleanup":R.random()<.5}
def added(v):
    out=[];nid=len(v)
    for c in R.sample(["<s>","</s>","<x>","the"," the ","foo","<|a|>","<|a","é","E","▁▁","\n\n","12","ﬁ","  "],R.randrange(0,6)):
        if c in v: i=v[c]
        else: i=nid; nid+=1
        out.append({"id":i,"content":c,"single_word":R.random()<.3,"lstrip":R.random()<.3,"rstrip":R.random()<.3,"normalized":R.random()<.5,"special":R.random()<.5})
    return out
def post(v):
    r=R.random()
    if r<.5: return None
    t=R.choice(list(v)); u=R.choice(list(v))
    tp={"type":"TemplateProcessing","single":[{"SpecialToken":{"id":t,"type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":u,"type_id":0}}],"pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],"special_tokens":{x:{"id":x,"ids":[v[x]],"tokens":[x]} for x in {t,u}}}
    if r<.7: return tp
    if r<.8: return {"type":"Sequence","processors":[BL(),tp]}
    if r<.9: return {"type":"RobertaProcessing","sep":[u,v[u]],"cls":[t,v[t]],"trim_offsets":True,"add_prefix_space":False}
    return {"type":"BertProcessing","sep":[u,v[u]],"cls":[t,v[t]]}
assigned=[c for c in range(0x20,0x30000) if unicodedata.category(chr(c)) not in('Cn','Cs','Co')]
W=["the","and","ing","hello"," ","  ","   ","\n","\r\n","\t"," \n ","12","345","6","'s","'S","'ſ","'ll","don't","foo","<s>","</s>","<x>","<|a|>","<|a","é","e\u0301","Å","İ","ﬁ","½","²","Ⅷ","。","你好","안녕","각","\u1100\u1161","🙂","👨‍👩‍👧","▁","▁▁","_","-","...","$","€","\u00a0","\u3000","\u200b","\u200d","\u0085","\u2028","ß","ſ","K","ⓐ","ـ","١٢","क्","x","a","t","E","and.","##",".","!","?","A B","fooBar","x=y*z","\x00","\x7f","Ǆ","ǅ","ª","\u0345"]
def text():
    n=R.choice([0,1,2,3,5,8,15,30])
    o=[]
    for _ in range(n):
        r=R.random()
        if r<.75: o.append(R.choice(W))
        elif r<.85: o.append(chr(R.randrange(32,127)))
        elif r<.97: o.append(chr(R.choice(assigned)))
        else: o.append('a'+''.join(chr(R.choice([0x300,0x301,0x327,0x345,0x5b0,0x323])) for _ in range(R.choice([1,2,10,40]))))
    return ''.join(o)
out=[]
bad=0
while len(out)<N:
    mn=R.choice(list(models)); m=models[mn]
    d={"version":"1.0","truncation":None,"padding":None,"added_tokens":added(m['vocab']) if R.random()<.5 else [],"normalizer":seq(norm1,"normalizers",.4),"pre_tokenizer":seq(pre1,"pretokenizers",.15),"post_processor":post(m['vocab']),"decoder":seq(dec1,"decoders",.2),"model":mn}
    if mn in('bl','ign') and R.random()<.7:
        pt=d["pre_tokenizer"]; l=[] if pt is None else pt.get("pretokenizers",[pt]); d["pre_tokenizer"]={"type":"Sequence","pretokenizers":[x for x in l if x['type']!='ByteLevel']+[BL(use_regex=R.random()<.3)]}
    try: t=Tokenizer.from_str(json.dumps({**d,"model":m}))
    except Exception as e:
        bad+=1; print('ERR',str(e)[:200],json.dumps(d)[:300],file=sys.stderr); 
        continue
    cs=[]
    for _ in range(6):
        x=text()
        try:
            a=t.encode(x).ids; b=t.encode(x,add_special_tokens=False).ids
            cs.append({"text":x,"ids":a,"plain":b,"decoded":t.decode(a,skip_special_tokens=False),"skipped":t.decode(a,skip_special_tokens=True)})
        except BaseException as e: print('ENC',repr(e)[:100],file=sys.stderr)
    out.append({"tokenizer":d,"cases":cs})
json.dump({"made_with":"tokenizers "+tokenizers.__version__,"models":models,"tokenizers":out},open(sys.argv[3],'w'),ensure_ascii=False,separators=(',',':'))
print(len(out),bad)

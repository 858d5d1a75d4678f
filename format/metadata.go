package format

// Metadata is what a container says about its model beside the tensors. It is stored as JSON whose bytes depend on nothing but
// the values.
type Metadata struct {
	Spec        Spec            `json:"spec"`
	Model       string          `json:"model"`             // the model's name, usually its folder's
	Tool        string          `json:"tool"`              // name and version of the program that wrote the file
	Recipe      Recipe          `json:"recipe"`            // how the weights were quantized
	SourceDType string          `json:"source_dtype"`      // number type of the checkpoint's weights
	Parameters  int64           `json:"parameters"`        // weights of the checkpoint, padding not counted
	Sources     []Source        `json:"sources"`           // the checkpoint's files
	Ignored     []IgnoredTensor `json:"ignored,omitempty"` // tensors of the checkpoint that the model does not need
}

// Recipe says which codec each kind of tensor got, and by which method its codes were chosen.
type Recipe struct {
	Type   string `json:"type"`  // codec of the layers' matrices
	Embed  string `json:"embed"` // codec of embed.tokens
	Head   string `json:"head"`  // codec of head
	Method string `json:"method"`
}

// Source is one file of the checkpoint.
type Source struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // 64 lower-case hexadecimal digits
}

// IgnoredTensor is a tensor of the checkpoint that the container does not hold.
type IgnoredTensor struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// TensorPlan is a tensor before its data is written. Vectors have Rows 1.
type TensorPlan struct {
	Name  string `json:"name"`
	Codec string `json:"codec"`
	Rows  int    `json:"rows"`
	Cols  int    `json:"cols"`
}

// TensorError is the error of a tensor's stored values against the checkpoint's.
type TensorError struct {
	RMSE   float64 `json:"rmse"`    // root of the mean squared error
	MaxAbs float64 `json:"max_abs"` // largest absolute error
	SQNR   float64 `json:"sqnr"`    // signal to quantization noise, dB; 0 where Exact (it would be infinite)
	Exact  bool    `json:"exact"`   // every value equals the checkpoint's; the other fields are 0
}

// TensorInfo is a tensor of a container.
type TensorInfo struct {
	TensorPlan
	Offset int64       `json:"offset"` // in the file
	Bytes  int64       `json:"bytes"`  // stored bytes, tile padding included
	CRC32C uint32      `json:"crc32c"`
	Error  TensorError `json:"error"`
}

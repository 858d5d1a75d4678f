package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

// stubborn is a command that does not stop when it is asked to: see TestSecondSignal.
func stubborn() {
	os.Exit(interruptible(func(ctx context.Context) int {
		fmt.Println("working")
		<-ctx.Done()
		fmt.Println("cleaning up")
		time.Sleep(time.Minute)
		return 0
	}))
}

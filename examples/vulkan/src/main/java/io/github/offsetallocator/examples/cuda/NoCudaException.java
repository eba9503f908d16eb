package io.github.offsetallocator.examples.cuda;

/// There is no CUDA here: no driver, or no device. The message is one line that says what is missing.
public final class NoCudaException extends RuntimeException {
    private static final long serialVersionUID = 1;

    NoCudaException(String reason) {
        super("no CUDA device (" + reason + "); it takes an NVIDIA GPU and its driver, which brings libcuda");
    }
}

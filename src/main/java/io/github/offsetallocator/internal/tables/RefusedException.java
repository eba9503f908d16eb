package io.github.offsetallocator.internal.tables;

/// Why tables that were found in a file are not opened. Nothing in them has been changed, and nothing is followed.
public final class RefusedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public RefusedException(String message) {
        super(message);
    }
}

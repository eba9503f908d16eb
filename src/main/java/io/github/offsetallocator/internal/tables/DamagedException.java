package io.github.offsetallocator.internal.tables;

/// Says which fact in the tables of a file does not hold, so that nothing in them is followed.
public final class DamagedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public DamagedException(String message) {
        super(message);
    }
}

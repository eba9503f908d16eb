package io.github.offsetallocator.internal.engine;

/// Loads the library once more, with a call of [Stop#afterStore()] after each store to a segment, and what calls it as it is.
final class StopLoader extends CutLoader {
    StopLoader() {
        super("io.github.offsetallocator.", Stop.class);
    }

    @Override
    byte[] changed(String name, byte[] bytes) {
        return name.contains(".Stop") ? bytes : super.changed(name, bytes);
    }
}

package io.github.offsetallocator;

import io.github.offsetallocator.internal.engine.Engine;

/// Blocks whose bytes are written before their caller has them: with zeros, or with what another block holds.
abstract sealed class NewBlocks {
    final Engine engine;

    private NewBlocks(Engine engine) {
        this.engine = engine;
    }

    static NewBlocks of(Engine engine, boolean isDurable) {
        return isDurable ? new Hidden(engine) : new Live(engine);
    }

    /// Whether nobody sees a new block before it is shown.
    abstract boolean areHidden();

    /// A new block, or [Engine#NO_SPACE].
    abstract long allocate(long units, long alignment, int slack);

    /// Units from the start of the range to a new block.
    abstract long offset(long made);

    /// Lets the caller have a new block, in place of an old one if that is not 0. If the old one is gone, so is the new one.
    ///
    /// @throws IllegalStateException if the old one is not live
    abstract void show(long old, long made);

    /// Frees a new block that nobody has. Returns whether it was there: a reset may have ended it, or the arena be closed.
    abstract boolean drop(long made);

    /// The size that a block has for its caller while the bytes that it grows by are filled.
    abstract long sizeWhileFilled(long oldByteSize, long newByteSize);

    /// Live from the start.
    private static final class Live extends NewBlocks {
        Live(Engine engine) {
            super(engine);
        }

        @Override
        boolean areHidden() {
            return false;
        }

        @Override
        long allocate(long units, long alignment, int slack) {
            return engine.allocate(units, alignment, slack);
        }

        @Override
        long offset(long made) {
            return engine.offsetOfNew(made);
        }

        @Override
        void show(long old, long made) {
            if (old != 0) {
                long tag = engine.tag(old);
                if (tag != 0) {
                    engine.setTag(made, tag);
                }
                engine.free(old);
            }
        }

        @Override
        boolean drop(long made) {
            if (engine.isClosed() || !engine.isLive(made)) {
                return false;
            }
            engine.free(made);
            return true;
        }

        @Override
        long sizeWhileFilled(long oldByteSize, long newByteSize) {
            return newByteSize;
        }
    }

    /// Hidden until they are shown, in one step with the end of the old block: what a file shows is the one or the other.
    private static final class Hidden extends NewBlocks {
        Hidden(Engine engine) {
            super(engine);
        }

        @Override
        boolean areHidden() {
            return true;
        }

        @Override
        long allocate(long units, long alignment, int slack) {
            return engine.allocateHidden(units, alignment, slack);
        }

        @Override
        long offset(long made) {
            return engine.offsetOfHidden(made);
        }

        @Override
        void show(long old, long made) {
            engine.replace(old, made);
        }

        @Override
        boolean drop(long made) {
            if (engine.isClosed() || !engine.isRetired(made)) {
                return false;
            }
            engine.freeRetired(made);
            return true;
        }

        @Override
        long sizeWhileFilled(long oldByteSize, long newByteSize) {
            return oldByteSize;
        }
    }
}

package io.github.offsetallocator;

import io.github.offsetallocator.internal.backing.Backing;
import io.github.offsetallocator.internal.backing.CheckedMemory;
import io.github.offsetallocator.internal.backing.CheckedMemory.Damage;
import io.github.offsetallocator.internal.engine.CheckedEngine;
import io.github.offsetallocator.internal.engine.Engine;
import io.github.offsetallocator.internal.watch.ArenaWatch;
import java.util.Arrays;

/// What a checked arena is made of: its engine says when a block begins and ends, its memory has the block's bytes.
///
/// ```
///   SegmentArena --> CheckedEngine --> Engine          when
///        |                |
///        |          CheckedBlocks                      units to bytes, and words
///        |                |
///        +--------> CheckedMemory --> Backing          borders, and the life of slices
/// ```
final class CheckedBlocks implements CheckedEngine.Blocks {
    private final Engine engine;
    private final CheckedMemory memory;
    private final int shift;
    private final long origin;

    private CheckedBlocks(Engine engine, CheckedMemory memory, int shift, long origin) {
        this.engine = engine;
        this.memory = memory;
        this.shift = shift;
        this.origin = origin;
    }

    /// Whether an arena's blocks are checked: what is put before its memory, and then before its engine.
    interface Mode {
        Mode OFF = new Mode() {};
        Mode ON = new On();

        /// To be called before anything is made.
        default void begin(boolean isBorrowed, int granuleShift) {}

        default Backing before(Backing memory, boolean shared) {
            return memory;
        }

        default Engine before(Engine engine, Backing memory, int shift, long origin) {
            return engine;
        }
    }

    private static final class On implements Mode {
        @Override
        public void begin(boolean isBorrowed, int granuleShift) {
            CheckedEngine.checkShift(granuleShift);
            if (!isBorrowed) {
                CheckedMemory.checkNativeAccess();
            }
        }

        @Override
        public Backing before(Backing memory, boolean shared) {
            return new CheckedMemory(memory, shared);
        }

        @Override
        public Engine before(Engine engine, Backing memory, int shift, long origin) {
            return new CheckedEngine(engine, new CheckedBlocks(engine, (CheckedMemory) memory, shift, origin), shift);
        }
    }

    private long place(long unit) {
        return origin + (unit << shift);
    }

    @Override
    public void made(long handle, long unit, long units, int slack) {
        memory.made(handle, place(unit), (units << shift) - slack, place(unit + units));
    }

    @Override
    public void found(long handle, long unit, long byteSize) {
        memory.found(handle, place(unit), byteSize);
    }

    @Override
    public void keep(CheckedEngine.Place place) {
        memory.keep((handle, at) -> place.has(handle, at - origin >>> shift));
    }

    @Override
    public boolean resize(long unit, long units, int slack, CheckedEngine.Resize resize) {
        return memory.resize(place(unit), (units << shift) - slack, place(unit + units), (byteSize, end) -> {
            long size = end - place(unit) + (1L << shift) - 1 >>> shift; // what was found ends with its bytes
            return resize.to(Math.max(1, size), (int) ((Math.max(1, size) << shift) - byteSize));
        });
    }

    @Override
    public void check(long unit) {
        report(memory.check(place(unit), true));
    }

    @Override
    public void checkAll(boolean mend) {
        report(memory.checkAll(mend));
    }

    private void report(Damage damage) {
        if (damage != null) {
            throw new AssertionError(words(damage));
        }
    }

    private String words(Damage damage) {
        StringBuilder text = new StringBuilder();
        String site = "";
        if (engine.tally().happenings() instanceof ArenaWatch watch) {
            text.append(watch.name()).append(": ");
            site = watch.siteOf(damage.handle());
        }
        text.append("something was written behind the end of allocation 0x").append(Long.toHexString(damage.handle()))
                .append(": it has ").append(damage.byteSize()).append(" bytes, and byte ").append(damage.at())
                .append(" from its start is now 0x").append(Integer.toHexString(damage.value() & 0xFF));
        return text.append(site.isEmpty() ? "; leakDetection(ALL) would tell which code asked for it" : ". It was asked for\n" + site).toString();
    }

    @Override
    public boolean mayEnd(long unit) {
        return memory.mayEnd(place(unit));
    }

    @Override
    public void end(Runnable end, long... units) {
        memory.end(Arrays.stream(units).map(this::place).toArray(), end);
    }

    @Override
    public void endAll(Runnable end) {
        memory.endAll(end);
    }
}

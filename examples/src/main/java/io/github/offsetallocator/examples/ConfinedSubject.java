package io.github.offsetallocator.examples;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// An arena of the JDK for each block, since an arena frees all its blocks at once or none. It zeroes them.
final class ConfinedSubject implements Subject {
    private final Arena[] arenas;

    ConfinedSubject(int slotCount) {
        arenas = new Arena[slotCount];
    }

    @Override
    public void replay(Workload work) {
        Arena[] arenas = this.arenas;
        int operations = work.operations();
        for (int i = 0; i < operations; i++) {
            int slot = work.slot(i);
            if (slot >= 0) {
                Arena arena = Arena.ofConfined();
                arena.allocate(work.size(i), Workload.ALIGNMENT).set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
                arenas[slot] = arena;
            } else {
                arenas[slot & ~Trace.FREE].close();
            }
        }
    }

    @Override
    public MemorySegment allocate(int slot, int bytes) {
        arenas[slot] = Arena.ofConfined();
        return arenas[slot].allocate(bytes, Workload.ALIGNMENT);
    }

    @Override
    public void free(int slot) {
        arenas[slot].close();
    }

    @Override
    public void close() {}
}

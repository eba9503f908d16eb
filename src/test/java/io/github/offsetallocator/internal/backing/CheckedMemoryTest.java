package io.github.offsetallocator.internal.backing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/// Threads that take turns at one block as no public call can be made to.
class CheckedMemoryTest {
    private static final CheckedMemory.Resize DONE = (_, _) -> true;

    /// A zeroed arena resizes a block a second time if that has not the size that was asked for when the zeros are there. Another thread has
    /// ended the slice by then that this one was about to give out.
    @Test
    void aSliceThatAnotherThreadHasEndedStaysDead() throws InterruptedException {
        CheckedMemory memory = new CheckedMemory(Backing.ofNative(256, 16, true), true);
        memory.made(1, 0, 10, 32);
        MemorySegment next = memory.nextSliceOf(1, 0, 50);
        memory.resize(0, 50, 80, DONE);
        Thread.ofPlatform().start(() -> memory.resize(0, 20, 48, DONE)).join();
        assertFalse(next.scope().isAlive());
        memory.resize(0, 50, 80, DONE);
        memory.dropNext();
        memory.sliceOf(1, 0, 50).set(ValueLayout.JAVA_BYTE, 49, (byte) 1);
        assertEquals(1, memory.sliceOf(1, 0, 50).get(ValueLayout.JAVA_BYTE, 49));
        memory.end(new long[] {0}, () -> {});
        memory.close();
    }

    /// A thread has asked where its block lies; then another one frees that, and a third gets the same bytes.
    @Test
    void noSliceIsMadeOfABlockThatIsEndingOrOfTheNextOne() throws InterruptedException {
        CheckedMemory memory = new CheckedMemory(Backing.ofNative(256, 16, true), true);
        memory.made(1, 0, 10, 32);
        AtomicReference<MemorySegment> got = new AtomicReference<>();
        Thread asks = Thread.ofPlatform().unstarted(() -> assertThrows(IllegalStateException.class, () -> got.set(memory.sliceOf(1, 0, 10))));
        memory.end(new long[] {0}, () -> {
            asks.start();
            while (asks.getState() != Thread.State.BLOCKED && asks.isAlive()) {
                Thread.onSpinWait();
            }
        });
        asks.join();
        assertNull(got.get());
        memory.made(2, 0, 10, 32);
        assertThrows(IllegalStateException.class, () -> memory.sliceOf(1, 0, 10));
        assertThrows(IllegalStateException.class, () -> memory.nextSliceOf(1, 0, 10));
        memory.close();
    }

    /// A thread has asked for the size of its block, which becomes smaller then.
    @Test
    void aSliceHasTheSizeOfNow() {
        CheckedMemory memory = new CheckedMemory(Backing.ofNative(256, 16, true), true);
        memory.made(1, 0, 50, 80);
        memory.resize(0, 10, 32, DONE);
        assertEquals(10, memory.sliceOf(1, 0, 50).byteSize());
        memory.close();
    }

    /// As a thread may ask for one that has seen its arena open.
    @Test
    void noSliceIsMadeOfMemoryThatHasEnded() {
        CheckedMemory memory = new CheckedMemory(Backing.ofNative(256, 16, true), true);
        memory.made(1, 0, 10, 32);
        MemorySegment slice = memory.sliceOf(1, 0, 10);
        memory.close();
        assertFalse(slice.scope().isAlive());
        assertThrows(IllegalStateException.class, () -> memory.sliceOf(1, 0, 10));
        assertThrows(IllegalStateException.class, () -> memory.nextSliceOf(1, 0, 20));
    }
}

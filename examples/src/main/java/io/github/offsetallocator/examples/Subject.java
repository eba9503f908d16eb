package io.github.offsetallocator.examples;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;

/// One way to get memory and to give it back, with what a client of it would keep for each slot.
///
/// Each class has a replay loop of its own, so that the compiler sees one way in each and inlines it; the single steps,
/// [#allocate] and [#free], are for the check that comes before. All loops do the same: allocate, write the first byte
/// of the block, keep what is needed to free it.
interface Subject extends AutoCloseable {
    /// The ways that are compared.
    enum Way {
        HANDLES("SegmentArena, native, handles") {
            @Override
            Subject open(Workload work, Path directory) {
                return HandleSubject.inNativeMemory(work);
            }
        },
        MAPPED("SegmentArena, mapped file, handles") {
            @Override
            Subject open(Workload work, Path directory) {
                return HandleSubject.inFile(directory.resolve(work.name() + ".pool"), work);
            }
        },
        SEGMENTS("SegmentArena, native, segments") {
            @Override
            Subject open(Workload work, Path directory) {
                return new SegmentSubject(SegmentArena.ofConfined(work.pool()), work.slotCount());
            }
        },
        CONFINED("Arena.ofConfined() for each block") {
            @Override
            Subject open(Workload work, Path directory) {
                return new ConfinedSubject(work.slotCount());
            }
        },
        MALLOC("malloc and free through FFM") {
            @Override
            Subject open(Workload work, Path directory) {
                return new MallocSubject(work.slotCount());
            }
        };

        private final String label;

        Way(String label) {
            this.label = label;
        }

        /// A subject that holds nothing yet. What it needs on disk lies in the directory until it is closed.
        abstract Subject open(Workload work, Path directory);

        String label() {
            return label;
        }
    }

    /// Replays all operations. This is what is timed.
    void replay(Workload work);

    /// Allocates a block into a slot.
    MemorySegment allocate(int slot, int bytes);

    /// Frees the block in a slot.
    void free(int slot);

    /// The arena behind it, if it is one of this library.
    default Optional<SegmentArena> arena() {
        return Optional.empty();
    }

    @Override
    void close();

    /// What a subject throws that could not serve a request.
    static IllegalStateException refused(int bytes) {
        return new IllegalStateException("no space for " + bytes + " bytes");
    }
}

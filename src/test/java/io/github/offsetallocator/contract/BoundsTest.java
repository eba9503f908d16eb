package io.github.offsetallocator.contract;

import io.github.offsetallocator.OffsetAllocator;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What is refused only where the documentation says so.
class BoundsTest {
    @TempDir
    Path directory;

    /// An aligned request looks at the first 64 regions of a bin before it is refused.
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 4, 5, 30, 62, 63})
    @Fault(13)
    void anAlignedRequestFindsTheOneHoleThatFits(int others) {
        int length = 2048; // too large for any shortcut for small blocks
        try (OffsetAllocator allocator = OffsetAllocator.create((long) length * (others + 1) - 1)) {
            List<Long> blocks = new ArrayList<>();
            for (int i = 0; i < others; i++) {
                blocks.add(allocator.allocate(length));
            }
            long last = allocator.allocate(length - 1);
            Check.equal((long) length * others, allocator.offset(last), "the offset of the last");
            // Its hole is the first of the bin's, so that it is the last to be looked at.
            Check.that(allocator.resize(last, length - 16), "shrinking can't fail");
            for (long block : blocks) {
                Check.that(allocator.resize(block, length - 15), "shrinking can't fail");
            }
            Check.equal(OffsetAllocator.NO_SPACE, allocator.allocate(16), "16 in holes of 15");
            long found = allocator.allocate(12, 16);
            Check.that(found != OffsetAllocator.NO_SPACE, "12 at a multiple of 16 was refused, with a hole of 15 at one and " + others + " others");
            Check.equal((long) length * others + length - 16, allocator.offset(found), "the offset");
            allocator.verify();
        }
    }

    /// As many blocks as the pool has room for by its own account, small ones too, in any order of frees.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 8, 13, 48, 64, 65, 100})
    @Fault(13)
    void allOfAPoolCanBeHadInBlocksOfOneSize(int size) {
        int blocks = 2000;
        try (OffsetAllocator allocator = OffsetAllocator.create((long) blocks * size)) {
            SplittableRandom random = new SplittableRandom(size);
            long[] all = new long[blocks];
            for (int round = 0; round < 4; round++) {
                for (int i = 0; i < blocks; i++) {
                    all[i] = allocator.allocate(size);
                    Check.that(all[i] != OffsetAllocator.NO_SPACE, "refused block " + i + " of " + blocks + ", round " + round);
                }
                Check.equal(OffsetAllocator.NO_SPACE, allocator.allocate(1), "more than there is");
                for (int i = blocks - 1; i >= 0; i--) {
                    int at = random.nextInt(i + 1);
                    allocator.free(all[at]);
                    all[at] = all[i];
                }
                long whole = allocator.allocate((long) blocks * size);
                Check.that(whole != OffsetAllocator.NO_SPACE, "the whole was refused, though nothing is live");
                allocator.free(whole);
            }
            allocator.verify();
        }
    }

    /// A resize that takes the last large region leaves little room; small blocks freed from then on aren't kept apart.
    @ParameterizedTest
    @EnumSource(Subject.class)
    @Fault(15)
    void aResizeThatTakesTheLastLargeRegionIsNoticed(Subject subject) {
        if (subject.spec().largestSize() > 1 << 20) {
            return;
        }
        for (int round = 0; round < 20; round++) {
            try (Face face = subject.open(directory)) {
                long unit = face.unit();
                List<Long> small = new ArrayList<>();
                for (int i = 0; i < 40 + round; i++) {
                    long block = face.allocate((1 + i % 5) * unit, 1);
                    if (block > 0) {
                        small.add(block);
                    }
                }
                long last = small.isEmpty() ? 0 : small.removeLast();
                for (long left = face.largestFree(); last != 0 && left > 2; left = left * 3 / 4) {
                    face.resize(last, face.size(last) + left * unit);
                }
                for (int i = 0; i < small.size(); i += 1 + round % 3) {
                    face.free(small.get(i));
                    long promised = face.largestFree();
                    long block = promised <= 0 ? OffsetAllocator.NO_SPACE : face.allocate(promised * unit, 1);
                    Check.that(promised <= 0 || block > 0, "a promise of " + promised + " units was not kept");
                    if (block > 0) {
                        face.free(block);
                    }
                    face.verify();
                }
            }
        }
    }
}

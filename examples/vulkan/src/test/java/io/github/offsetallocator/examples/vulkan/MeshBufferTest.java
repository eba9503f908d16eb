package io.github.offsetallocator.examples.vulkan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.offsetallocator.CompactionPlan;
import io.github.offsetallocator.StorageReport;
import java.util.List;
import org.junit.jupiter.api.Test;

class MeshBufferTest {
    @Test
    void meshesSurviveGrowthChurnAndCompaction() throws Exception {
        Vulkan.run(device -> {
            try (MeshExample example = new MeshExample(device)) {
                example.add(300);
                assertTrue(example.buffer().vertices().growths() >= 3);
                assertTrue(example.buffer().indices().growths() >= 3);
                assertEquals(300, example.compare());

                example.removeHalf();
                example.add(50);
                int left = example.compare();
                assertTrue(left > 100 && left < 300, () -> left + " meshes");

                compact(example.buffer().vertices());
                compact(example.buffer().indices());
                assertEquals(left, example.compare());

                example.add(20);
                assertEquals(left + 20, example.compare());
            }
        });
    }

    /// A few meshes are still in the batch that is being recorded when they are read back, moved and read back again.
    @Test
    void whatIsNotSubmittedYetIsWaitedFor() throws Exception {
        Vulkan.run(device -> {
            try (MeshExample example = new MeshExample(device)) {
                example.add(5);
                assertEquals(5, example.compare());
                example.removeHalf();
                example.add(3);
                example.buffer().vertices().compact();
                example.add(1);
                example.buffer().indices().compact();
                int left = example.compare();
                assertTrue(left >= 4 && left <= 9, () -> left + " meshes");
            }
        });
    }

    private static void compact(ElementBuffer elements) {
        long free = elements.storageReport().totalFreeSpace();
        assertTrue(elements.storageReport().largestFreeRegion() < free);

        List<CompactionPlan.Move> moves = elements.compact();

        assertTrue(moves.stream().anyMatch(CompactionPlan.Move::overlaps), moves::toString);
        assertTrue(moves.stream().anyMatch(move -> !move.overlaps()), moves::toString);
        assertEquals(new StorageReport(free, free), elements.storageReport());
    }
}

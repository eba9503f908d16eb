package io.github.offsetallocator.examples.vulkan;

import io.github.offsetallocator.CompactionPlan;
import io.github.offsetallocator.StorageReport;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/// Fills a [MeshBuffer] that starts small, until it has grown several times; removes half of the meshes, adds others,
/// and compacts. All meshes are read back and compared byte by byte after each step.
public final class MeshExample implements AutoCloseable {
    private static final int VERTEX_SIZE = 32;
    private static final int MOST_VERTICES = 2000;
    private static final int MOST_INDICES = 6000;
    private static final long STAGING = 4 << 20;

    private final SplittableRandom random = new SplittableRandom(7);
    private final Arena memory = Arena.ofConfined();
    private final MemorySegment vertexData = memory.allocate(MOST_VERTICES * VERTEX_SIZE);
    private final MemorySegment indexData = memory.allocate(MOST_INDICES * Integer.BYTES);
    private final CommandQueue queue;
    private final StagingBuffer staging;
    private final Readback readback;
    private final MeshBuffer buffer;
    private final Map<Integer, MeshBuffer.Mesh> meshes = new TreeMap<>();
    private int added;

    MeshExample(VulkanDevice device) {
        queue = new CommandQueue(device, 3);
        staging = new StagingBuffer(device, queue, STAGING, STAGING / 4, false);
        readback = new Readback(device, queue, STAGING, false);
        buffer = new MeshBuffer(device, queue, staging, VERTEX_SIZE, 4 * MOST_VERTICES, 4 * MOST_INDICES);
    }

    /// Runs it; without a Vulkan device, says what to install.
    public static void main(String[] args) {
        try (VulkanDevice device = VulkanDevice.open(true);
                MeshExample example = new MeshExample(device)) {
            System.out.println(device.name());
            example.add(1000);
            example.compare();
            example.removeHalf();
            example.add(200);
            example.compare();
            example.print("vertices", example.buffer.vertices());
            example.print("indices", example.buffer.indices());
            example.compact("vertices", example.buffer.vertices());
            example.compact("indices", example.buffer.indices());
            example.compare();
            System.out.printf("%d meshes read back after growth, after churn and after compaction: every byte matched%n",
                    example.readback.comparedRanges() / 2);
        } catch (NoVulkanException e) {
            System.out.println(e.getMessage());
        }
    }

    MeshBuffer buffer() {
        return buffer;
    }

    /// Adds meshes of random sizes; their numbers are the seeds of their content.
    void add(int count) {
        for (int i = 0; i < count; i++) {
            int seed = added++;
            long vertexBytes = random.nextInt(3, MOST_VERTICES) * (long) VERTEX_SIZE;
            long indexBytes = random.nextInt(1, MOST_INDICES / 3) * 3L * Integer.BYTES;
            Pattern.fill(vertexData, 0, vertexBytes, 2L * seed);
            Pattern.fill(indexData, 0, indexBytes, 2L * seed + 1);
            meshes.put(seed, buffer.add(vertexData.asSlice(0, vertexBytes), indexData.asSlice(0, indexBytes)));
        }
    }

    void removeHalf() {
        meshes.values().removeIf(mesh -> {
            boolean remove = random.nextBoolean();
            if (remove) {
                buffer.remove(mesh);
            }
            return remove;
        });
    }

    /// Reads all meshes back and compares them.
    ///
    /// @return how many there are
    int compare() {
        queue.barrier();
        meshes.forEach((seed, mesh) -> {
            read(buffer.vertices(), mesh.vertexRange(), 2L * seed);
            read(buffer.indices(), mesh.indexRange(), 2L * seed + 1);
        });
        readback.compareAll();
        buffer.vertices().verify();
        buffer.indices().verify();
        return meshes.size();
    }

    private void read(ElementBuffer elements, long range, long seed) {
        readback.read(elements.handle(), elements.byteOffset(range), elements.byteSize(range), seed);
    }

    private void print(String name, ElementBuffer elements) {
        System.out.printf("%s: %d meshes, capacity %d elements after growing %d times, free %d, largest free region %d%n",
                name, meshes.size(), elements.capacity(), elements.growths(),
                elements.storageReport().totalFreeSpace(), elements.storageReport().largestFreeRegion());
    }

    private void compact(String name, ElementBuffer elements) {
        List<CompactionPlan.Move> moves = elements.compact();
        long moved = moves.stream().mapToLong(CompactionPlan.Move::size).sum();
        StorageReport report = elements.storageReport();
        System.out.printf(Locale.ROOT, "%s: compacted by %d copies of %d elements on the device (%d of them overlapping"
                + " themselves), free %d, largest free region %d%n", name, moves.size(), moved,
                moves.stream().filter(CompactionPlan.Move::overlaps).count(),
                report.totalFreeSpace(), report.largestFreeRegion());
    }

    @Override
    public void close() {
        queue.close();
        buffer.close();
        readback.close();
        staging.close();
        memory.close();
    }
}

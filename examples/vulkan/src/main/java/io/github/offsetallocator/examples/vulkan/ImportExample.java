package io.github.offsetallocator.examples.vulkan;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.SplittableRandom;

/// The other way round: the memory is ours, a native segment behind a [SegmentArena], and the device imports it. Slices
/// are copied to a buffer of the device and from there into other slices, which are compared byte by byte.
public final class ImportExample {
    private static final int MIB = 1 << 20;
    private static final long SEGMENT = 32 * MIB;
    private static final long SMALLEST_GRANULE = 16;
    private static final int SLICES = 400;
    private static final int LARGEST_SLICE = 64 * 1024;

    private ImportExample() {}

    /// Runs it; without a Vulkan device, says what to install.
    public static void main(String[] args) {
        try (VulkanDevice device = VulkanDevice.open(true)) {
            if (!device.importsHostMemory()) {
                System.out.println(device.name() + " does not offer VK_EXT_external_memory_host for buffers");
                return;
            }
            long bytes = roundTrip(device);
            System.out.printf(Locale.ROOT, "%s: imported a segment of %d MiB; %d slices, %.1f MiB, to the device and back:"
                    + " every byte matched%n", device.name(), SEGMENT / MIB, SLICES, bytes / (double) MIB);
        } catch (NoVulkanException e) {
            System.out.println(e.getMessage());
        }
    }

    /// @return how many bytes went to the device and back
    static long roundTrip(VulkanDevice device) {
        try (Arena memory = Arena.ofConfined()) {
            long alignment = device.hostImportAlignment();
            MemorySegment segment = memory.allocate((SEGMENT + alignment - 1) / alignment * alignment, alignment);
            try (SegmentArena arena = SegmentArena.builder()
                            .backing(segment)
                            .granule(Math.max(SMALLEST_GRANULE, device.atomSize()))
                            .build();
                    ImportedBuffer imported = new ImportedBuffer(device, segment);
                    VulkanBuffer target = VulkanBuffer.deviceLocal(device, SEGMENT, VulkanBuffer.COPYABLE);
                    CommandQueue queue = new CommandQueue(device, 1)) {
                return roundTrip(arena, imported, target, queue);
            }
        }
    }

    private static long roundTrip(SegmentArena arena, ImportedBuffer imported, VulkanBuffer target, CommandQueue queue) {
        SplittableRandom random = new SplittableRandom(1);
        long[] returned = new long[SLICES];
        long bytes = 0;
        for (int i = 0; i < SLICES; i++) {
            int byteSize = random.nextInt(1, LARGEST_SLICE);
            long sent = allocate(arena, byteSize);
            Pattern.fill(arena.backing(), arena.offset(sent), byteSize, i);
            queue.copy(imported.handle(), arena.offset(sent), target.handle(), bytes, byteSize);
            queue.barrier();
            returned[i] = allocate(arena, byteSize);
            queue.copy(target.handle(), bytes, imported.handle(), arena.offset(returned[i]), byteSize);
            arena.retire(sent, queue.recording());
            bytes += byteSize;
        }
        queue.await(queue.submit());
        arena.reclaim(queue.completed());
        for (int i = 0; i < SLICES; i++) {
            long mismatch = Pattern.mismatch(arena.backing(), arena.offset(returned[i]), arena.size(returned[i]), i);
            if (mismatch >= 0) {
                throw new IllegalStateException("slice " + i + " differs at byte " + mismatch);
            }
            arena.free(returned[i]);
        }
        return bytes;
    }

    private static long allocate(SegmentArena arena, int byteSize) {
        long slice = arena.tryAllocate(byteSize, 1);
        if (slice == SegmentArena.NO_SPACE) {
            throw new IllegalStateException("no room for " + byteSize + " bytes");
        }
        return slice;
    }
}

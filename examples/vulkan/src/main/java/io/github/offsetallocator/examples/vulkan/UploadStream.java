package io.github.offsetallocator.examples.vulkan;

import io.github.offsetallocator.OffsetAllocator;
import java.util.Arrays;
import java.util.SplittableRandom;

/// Streams uploads through a [StagingBuffer] into one device buffer. That buffer is divided by an [OffsetAllocator]: no
/// memory of the CPU lies behind it, it is a range of numbers.
///
/// ```
///   staging buffer (mapped)      [  a  ][ b ][     c     ]            SegmentArena, bytes
///                                   |      \______   \______
///   device buffer             [...][  a  ][.......][ b ][     c     ]  OffsetAllocator, units of 16 bytes
///                                     ^
///                    full: a random quarter is evicted; ranges are retired with the batch that last
///                    uses them, and handed out again when the device is done with it
/// ```
///
/// A range's tag is the number of the upload in it, which is its seed too.
final class UploadStream implements AutoCloseable {
    private static final int UNIT = 16;
    private static final int BATCHES_IN_FLIGHT = 4;
    /// Half a dozen batches fill the staging buffer, so that the CPU gets ahead of the device but not far.
    static final int BATCHES_STAGED = 6;

    /// How many uploads it takes at most until all tables have grown to their size.
    static final int WARM_UP = 1000;

    /// @param seconds      from the first upload until the device is done with the last, without reading back the rest
    /// @param stagingPeak  most bytes of the staging buffer in use at once
    /// @param stagingWaits how often the staging buffer was full and the device had to be waited for
    /// @param heapBytes    what the staging path allocated on the Java heap after the first [#WARM_UP] uploads
    /// @param evicted      uploads that had to make room for later ones
    /// @param compared     uploads that were read back and compared, and matched
    record Result(int uploads, long byteSize, double seconds, long stagingPeak, int stagingWaits, long heapBytes,
            int evicted, int compared, long comparedBytes) {
        double uploadsPerSecond() {
            return uploads / seconds;
        }

        double heapBytesPerUpload() {
            return (double) heapBytes / (uploads - WARM_UP);
        }
    }

    private final CommandQueue queue;
    private final StagingBuffer staging;
    private final Readback readback;
    private final VulkanBuffer target;
    private final OffsetAllocator ranges;
    private final SplittableRandom random = new SplittableRandom(42);
    private long[] live = new long[1024];
    private int liveCount;
    private int evicted;

    UploadStream(VulkanDevice device, long stagingBytes, long deviceBytes, boolean alwaysFlush) {
        queue = new CommandQueue(device, BATCHES_IN_FLIGHT);
        staging = new StagingBuffer(device, queue, stagingBytes, stagingBytes / BATCHES_STAGED, alwaysFlush);
        readback = new Readback(device, queue, stagingBytes, alwaysFlush);
        target = VulkanBuffer.deviceLocal(device, deviceBytes, VulkanBuffer.COPYABLE);
        ranges = OffsetAllocator.create(deviceBytes / UNIT);
    }

    StagingBuffer staging() {
        return staging;
    }

    /// Uploads everything, then reads back and compares all that is still there.
    ///
    /// @param compareEvicted whether to read back and compare what is evicted too, that is every byte uploaded
    Result run(Workload workload, boolean compareEvicted) {
        long start = System.nanoTime();
        long heapBytesBefore = 0;
        for (int i = 0; i < workload.uploads(); i++) {
            if (i == WARM_UP) {
                heapBytesBefore = staging.meter().total();
            }
            upload(workload, i, compareEvicted);
        }
        queue.await(queue.submit());
        double seconds = (System.nanoTime() - start) / 1e9;
        for (int i = 0; i < liveCount; i++) {
            read(workload, live[i]);
        }
        readback.compareAll();
        ranges.verify();
        staging.arena().verify();
        return new Result(workload.uploads(), workload.byteSize(), seconds, staging.peak(), staging.waits(),
                staging.meter().total() - heapBytesBefore, evicted, readback.comparedRanges(),
                readback.comparedBytes());
    }

    private void upload(Workload workload, int upload, boolean compareEvicted) {
        int byteSize = workload.size(upload);
        long alignment = workload.alignment(upload);
        long range = allocateRange(workload, byteSize, alignment, compareEvicted);
        ranges.setTag(range, upload);
        keep(range);

        long slice = staging.stage(byteSize, alignment);
        staging.meter().start();
        Pattern.fill(staging.arena().backing(), staging.arena().offset(slice), byteSize, upload);
        staging.meter().stop();
        staging.copy(slice, target.handle(), ranges.offset(range) * UNIT);
    }

    /// Allocates a range of the device buffer; if it is full, makes room and waits for that.
    private long allocateRange(Workload workload, int byteSize, long alignment, boolean compareEvicted) {
        long units = (byteSize + UNIT - 1) / UNIT;
        while (true) {
            long range = ranges.allocate(units, Math.max(1, alignment / UNIT));
            if (range != OffsetAllocator.NO_SPACE) {
                return range;
            }
            if (ranges.retired() == 0) {
                evict(workload, compareEvicted);
            }
            queue.await(queue.submit());
            ranges.reclaim(queue.completed());
        }
    }

    /// Evicts at random until a quarter of the device buffer is retired. Everything live was written by a batch that is
    /// submitted, so the barrier between batches orders reading it back, and nothing uses it later than that.
    private void evict(Workload workload, boolean compare) {
        queue.submit();
        for (long units = 0; units < ranges.capacity() / 4 && liveCount > 0; evicted++) {
            int victim = random.nextInt(liveCount);
            long range = live[victim];
            live[victim] = live[--liveCount];
            units += ranges.size(range);
            if (compare) {
                read(workload, range);
            }
            ranges.retire(range, queue.latest());
        }
    }

    private void read(Workload workload, long range) {
        int upload = (int) ranges.tag(range);
        readback.read(target.handle(), ranges.offset(range) * UNIT, workload.size(upload), upload);
    }

    private void keep(long range) {
        if (liveCount == live.length) {
            live = Arrays.copyOf(live, 2 * liveCount);
        }
        live[liveCount++] = range;
    }

    @Override
    public void close() {
        queue.close();
        ranges.close();
        target.close();
        readback.close();
        staging.close();
    }
}

package io.github.offsetallocator.examples.vulkan;

import io.github.offsetallocator.CompactionPlan;
import java.util.ArrayList;
import java.util.List;

/// Carries out the moves of a [CompactionPlan] within one buffer, on the device, by way of a scratch buffer:
///
/// ```
///   buffer   | A |free| B  |free|  C  |     load:    B, C -> scratch     one barrier
///   scratch                [ B  |  C  ]     unload:  B, C -> buffer      one barrier
///   buffer   | A | B  |  C  |   free  |
/// ```
///
/// So moves may overlap themselves and each other, which `vkCmdCopyBuffer` does not allow within one buffer, and it
/// takes two barriers for each scratch full instead of one for each move. What is larger than the scratch buffer goes in
/// pieces. Every block goes down and moves come in order of address, so no unloading overwrites what is not loaded yet.
final class BlockMover implements AutoCloseable {
    private record Piece(long scratchOffset, long targetOffset, long byteSize) {}

    private final CommandQueue queue;
    private final VulkanBuffer scratch;
    private final List<Piece> loaded = new ArrayList<>();
    private long fill;

    BlockMover(VulkanDevice device, CommandQueue queue, long scratchBytes) {
        this.queue = queue;
        scratch = VulkanBuffer.deviceLocal(device, scratchBytes, VulkanBuffer.COPYABLE);
    }

    /// Records all moves. The mover has to stay open until the device is done with them.
    void record(long buffer, Iterable<CompactionPlan.Move> moves, int unit) {
        queue.barrier();
        for (CompactionPlan.Move move : moves) {
            load(buffer, move.from() * unit, move.to() * unit, move.size() * unit);
        }
        unload(buffer);
    }

    private void load(long buffer, long from, long to, long byteSize) {
        for (long done = 0; done < byteSize; ) {
            if (fill == scratch.byteSize()) {
                unload(buffer);
            }
            long piece = Math.min(byteSize - done, scratch.byteSize() - fill);
            queue.copy(buffer, from + done, scratch.handle(), fill, piece);
            loaded.add(new Piece(fill, to + done, piece));
            fill += piece;
            done += piece;
        }
    }

    private void unload(long buffer) {
        queue.barrier();
        for (Piece piece : loaded) {
            queue.copy(scratch.handle(), piece.scratchOffset, buffer, piece.targetOffset, piece.byteSize);
        }
        queue.barrier();
        loaded.clear();
        fill = 0;
    }

    @Override
    public void close() {
        scratch.close();
    }
}

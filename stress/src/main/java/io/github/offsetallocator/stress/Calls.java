package io.github.offsetallocator.stress;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.util.Locale;

/// Calls of an arena, and in a word what came of them. A refusal of a handle or a slice counts as an answer, if it says that
/// this is not live or the arena closed; any other exception ends the test.
final class Calls {
    static final String FREED = "freed";
    static final String REFUSED = "refused";
    static final String GRANTED = "granted";
    static final String NO_ROOM = "no room";
    static final String DONE = "done";

    private Calls() {}

    static String free(SegmentArena arena, long allocation) {
        return done(() -> arena.free(allocation), FREED);
    }

    static String free(SegmentArena arena, MemorySegment slice) {
        try {
            return done(() -> arena.free(slice), FREED);
        } catch (IllegalArgumentException noLiveSlice) {
            return refused(noLiveSlice, "not a live slice");
        }
    }

    static String freeAll(SegmentArena arena, long... allocations) {
        return done(() -> arena.freeAll(allocations, 0, allocations.length), FREED);
    }

    static String resize(SegmentArena arena, long allocation, long byteSize) {
        try {
            return arena.resize(allocation, byteSize) ? DONE : NO_ROOM;
        } catch (IllegalStateException notLive) {
            return refused(notLive, "not live here");
        }
    }

    static String grant(long allocation) {
        return allocation == SegmentArena.NO_SPACE ? NO_ROOM : GRANTED;
    }

    static String done(Runnable call) {
        return done(call, DONE);
    }

    private static String done(Runnable call, String word) {
        try {
            call.run();
            return word;
        } catch (IllegalStateException notLiveOrClosed) {
            return notLiveOrClosed.getMessage().toLowerCase(Locale.ROOT).contains("closed")
                    ? REFUSED
                    : refused(notLiveOrClosed, "not live here");
        }
    }

    /// Lets no other exception pass for a refusal.
    static String refused(RuntimeException refusal, String reason) {
        if (!refusal.getMessage().contains(reason)) {
            throw refusal;
        }
        return REFUSED;
    }

    /// Whether two live allocations have no byte in common.
    static boolean apart(SegmentArena arena, long a, long b) {
        return arena.offset(a) + arena.size(a) <= arena.offset(b) || arena.offset(b) + arena.size(b) <= arena.offset(a);
    }
}

package io.github.offsetallocator.contract;

/// What some subjects can't do. A subject that can't says so in its line, with the reason.
enum Can {
    /// `grow`.
    GROW,
    /// `planCompaction`.
    COMPACT,
    /// Slices: allocate, free and reallocate by segment. And contents.
    SEGMENTS,
    /// Be used by one thread after another, and by many at once.
    ANY_THREAD,
    /// Align to more than the largest unit of what lies behind it.
    ALIGN_FREELY,
    /// Keep its memory in one piece of one size.
    ONE_PIECE
}

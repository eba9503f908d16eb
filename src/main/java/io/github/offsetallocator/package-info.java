/// Memory outside the Java heap, and ranges of anything else, divided into blocks that are freed one by one: in O(1), without
/// garbage.
///
/// {@snippet class="io.github.offsetallocator.examples.guides.FirstSteps" region="slices"}
///
/// ## Which one
///
/// - [OffsetAllocator][io.github.offsetallocator.OffsetAllocator] divides the numbers from 0 to a capacity, and touches no memory but its own
///   tables. For what is not memory of the JVM: vertices of a GPU buffer, blocks of a file.
/// - [SegmentArena][io.github.offsetallocator.SegmentArena] divides one memory segment and hands out slices of it. `ofConfined` for one thread,
///   `ofShared` for any.
/// - *Handles* are numbers: no garbage, no room is a result, and a freed one is always refused. *Segments* are objects for other APIs; a freed
///   one stays accessible until the arena ends.
///
/// ## What holds everywhere
///
/// - **Sizes.** An `OffsetAllocator` counts units, an arena bytes, which it rounds up to granules. Capacities are 1 to 2^32 - 1 units or granules.
/// - **No room** is a result, `NO_SPACE`, of a call that returns a handle, and an
///   [OutOfSpaceException][io.github.offsetallocator.OutOfSpaceException] of one that returns a segment.
/// - **Misuse** is an exception with the values in it: [IllegalArgumentException] for a bad argument, [IllegalStateException] for a handle that is
///   not live and for any use after `close`. It comes before anything has changed, on every build. What never changes can be asked for after
///   `close` too: the name, granule, backing segment and access of an arena, the fit and limit of an allocator, and `toString`.
/// - **Handles** are positive. 0 and -1 are never one, so 0 can stand for "none" in a caller's own tables.
/// - **Null.** No method takes or returns null: a null argument gets a [NullPointerException].
/// - **Threads.** An `OffsetAllocator` is for one thread at a time, and the caller orders the calls. A confined arena is for the thread that made
///   it, and others get a [WrongThreadException], but from `statistics` and from what never changes. A shared arena is for any thread,
///   platform or virtual. Value types can't be changed.
/// - **Closing** twice does no harm.
///
/// ## Glossary
///
/// - A *unit* is what the range is counted in; in an arena a unit is a *granule*.
/// - A *region* is a run of units with a node, free or not. A *block* is what one handle names, in a region or in a slot.
/// - A *slab* is a region that is cut into equal *slots*; a *row* in the table of slabs describes it.
/// - A *node* is 32 bytes that describe a region. A *bin* lists the free regions of similar size.
/// - A *generation* counts what a node or slot was handed out for. A *handle* is a generation and the number of a node or slot.
/// - *Allocate* and *free* are what users do. A floor below *takes* and *gives*: slots from and to a slab, regions from and to
///   the bins.
/// - *Merge*: to make one region of neighbours that are free. *Dissolve*: to end a slab; its free slots are given to the
///   bins, its live ones get nodes, and their handles stay.
/// - *Retire*: to end a block's handle and keep its space until a counter has come far enough. *Reclaim*: to free what was
///   retired.
/// - *Trim*: to make a table smaller after a peak. *Rebuild*: to make lists, bins and sums anew from what is live, after an
///   error has struck in the middle of a call.
/// - A *durable* arena's tables lie in a *place* in its file. They are *surveyed* when it is opened again. A *hidden* block is one
///   whose bytes are being written: it counts as retired until it is shown.
/// - *Site*: the place in the program that asked for a block, as a stack.
/// - *The lock* is the one monitor of a shared arena. A *hint* is a number that may be wrong: a reader checks it.
///
/// ## The house
///
/// ```
///   faces     OffsetAllocator   SegmentArena              arguments, words, exceptions; bytes to units
///                   |                |      \
///                   |                |       backing       native memory, a file, someone else's memory
///                   |              watch                   names, sites of blocks, dumps, events for Flight Recorder
///                   v                v
///   engine    Engine: OneThread | AnyThread                handles, life cycle, recovery; for one thread or any
///                   |
///   slabs     Slabs: OneThreadSlabs | AnyThreadSlabs       small and popular sizes: regions cut into equal slots
///                   |
///   regions   Regions, Bins, FitPolicy, SmallFloat         the published algorithm; compaction
///                   |
///   tables    Header, NodeTable, SlabTable, PageMap, …     where each field lies; all state, in native memory or a file
/// ```
///
/// A floor uses the floors below it and none above: a test reads the sources for that. Only this package is exported.
///
/// - **tables** know where a field lies in a segment, and nothing of what it means to the others.
/// - **regions** know neighbours and bins. They do not know handles, nor which blocks are live.
/// - **slabs** know sizes, slots and generations. To them a slab is one region.
/// - **engine** knows handles: it asks slabs first, then regions, and rebuilds both after an error. `AnyThread` is a
///   `LockedEngine`, which puts a lock before `OneThread`, and goes round that lock for slots. `OneThread` has the calls that
///   must be fast. All else is in parts that hold it, such as `Resizing`, `Finder`, `OpenPlan`: its comment names them.
/// - **watch** knows what an operator wants to know, and what lower floors tell it through `Happenings`.
/// - **faces** know the user: they check arguments, and know bytes, segments, files.
///
/// Start reading at `OffsetAllocator`, then `OneThread.allocate` and `free`.
package io.github.offsetallocator;

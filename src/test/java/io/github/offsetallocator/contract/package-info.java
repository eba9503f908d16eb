/// What every allocator promises, as tests that every kind of allocator runs. Only the public API is used here.
///
/// Start at [Subject]: one line for each way to get an allocator. [ContractDriver] does the same random calls to each of
/// them and compares with a [Model]. `@Fault(n)` marks the tests of a fault that was found once.
package io.github.offsetallocator.contract;

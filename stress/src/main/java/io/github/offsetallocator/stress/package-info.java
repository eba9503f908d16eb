/// What could go wrong between two threads on one shared arena, one class each, for jcstress; and a soak.
package io.github.offsetallocator.stress;

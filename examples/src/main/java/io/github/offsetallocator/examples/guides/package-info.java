/// The code of the guides in `docs/`, compiled and run by the build: `SnippetTest` holds the guides against it.
package io.github.offsetallocator.examples.guides;

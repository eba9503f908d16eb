/// Makes a site of the guides and of the API's documentation.
package io.github.offsetallocator.site;

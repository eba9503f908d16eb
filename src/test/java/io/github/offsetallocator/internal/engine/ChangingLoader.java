package io.github.offsetallocator.internal.engine;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/// Loads classes of ours once more, changed.
abstract class ChangingLoader extends ClassLoader {
    private final String prefix;

    /// @param prefix how the names of those classes start
    ChangingLoader(String prefix) {
        super(ChangingLoader.class.getClassLoader());
        this.prefix = prefix;
        setDefaultAssertionStatus(true);
    }

    /// The bytes of a class, of this name, as they are to be.
    abstract byte[] changed(String name, byte[] bytes);

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            return loaded != null ? loaded : name.startsWith(prefix) ? findClass(name) : super.loadClass(name, resolve);
        }
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        byte[] bytes;
        try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
            if (in == null) {
                throw new ClassNotFoundException(name);
            }
            bytes = in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        byte[] made = changed(name, bytes);
        return defineClass(name, made, 0, made.length);
    }
}

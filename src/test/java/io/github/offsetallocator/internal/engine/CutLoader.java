package io.github.offsetallocator.internal.engine;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.Set;

/// Loads the internal packages once more, with a call of [Cut#afterStore()] after each store to a segment.
final class CutLoader extends ClassLoader {
    private static final String OURS = "io.github.offsetallocator.internal.";
    private static final Set<String> STORES = Set.of("set", "setAtIndex", "fill", "copy", "copyFrom",
            "setVolatile", "setRelease", "setOpaque", "compareAndSet", "getAndAdd", "getAndSet", "getAndBitwiseOr", "getAndBitwiseAnd");
    private static final Set<String> OWNERS = Set.of("java/lang/foreign/MemorySegment", "java/lang/invoke/VarHandle");
    private static final ClassDesc CUT = ClassDesc.of(Cut.class.getName());

    private static final CodeTransform CUT_AFTER_STORES = (code, element) -> {
        code.with(element);
        if (element instanceof InvokeInstruction call && isStore(call)) {
            code.invokestatic(CUT, "afterStore", MethodTypeDesc.of(ConstantDescs.CD_void));
        }
    };

    private int stores;

    CutLoader() {
        super(CutLoader.class.getClassLoader());
        setDefaultAssertionStatus(true);
    }

    private static boolean isStore(InvokeInstruction call) {
        return OWNERS.contains(call.owner().asInternalName()) && STORES.contains(call.name().stringValue());
    }

    /// How many places that store were found.
    int stores() {
        return stores;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            return loaded != null ? loaded : name.startsWith(OURS) ? findClass(name) : super.loadClass(name, resolve);
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
        byte[] cut = withCuts(bytes);
        return defineClass(name, cut, 0, cut.length);
    }

    private byte[] withCuts(byte[] bytes) {
        ClassFile files = ClassFile.of();
        var model = files.parse(bytes);
        for (var method : model.methods()) {
            method.code().ifPresent(code -> code.forEach(element -> stores += element instanceof InvokeInstruction call && isStore(call) ? 1 : 0));
        }
        return files.transformClass(model, ClassTransform.transformingMethodBodies(CUT_AFTER_STORES));
    }
}

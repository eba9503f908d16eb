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
import java.lang.foreign.Arena;

/// Loads the library once more, with a call of [Strike#beforeCall()] before each call in it and of [Strike#made] after each arena that it
/// makes, and what calls it as it is.
final class StrikeLoader extends ClassLoader {
    private static final String OURS = "io.github.offsetallocator.";
    private static final ClassDesc STRIKE = ClassDesc.of(Strike.class.getName());

    private static final ClassDesc ARENA = ClassDesc.of(Arena.class.getName());

    private static final CodeTransform STRIKE_BEFORE_CALLS = (code, element) -> {
        if (element instanceof InvokeInstruction call && !call.name().equalsString("<init>")) {
            code.invokestatic(STRIKE, "beforeCall", MethodTypeDesc.of(ConstantDescs.CD_void));
        }
        code.with(element);
        if (element instanceof InvokeInstruction call && call.name().equalsString("newArena")) {
            code.dup().invokestatic(STRIKE, "made", MethodTypeDesc.of(ConstantDescs.CD_void, ARENA));
        }
    };

    StrikeLoader() {
        super(StrikeLoader.class.getClassLoader());
        setDefaultAssertionStatus(true);
    }

    private static boolean isOfTheTest(String name) {
        return name.contains("Strike") || name.contains("FailingSource");
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
        ClassFile files = ClassFile.of();
        byte[] made = isOfTheTest(name) ? bytes : files.transformClass(files.parse(bytes),
                ClassTransform.transformingMethodBodies(method -> !method.methodName().equalsString("<clinit>"), STRIKE_BEFORE_CALLS));
        return defineClass(name, made, 0, made.length);
    }
}

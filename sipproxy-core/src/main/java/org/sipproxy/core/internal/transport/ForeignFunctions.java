package org.sipproxy.core.internal.transport;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Array;
import java.nio.Buffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Functions of the C library as method handles.
 *
 * <p>This library is compiled for Java 17, and {@code java.lang.foreign} is final since Java 22: it is used by
 * reflection, while a class is initialised. The handles have primitive parameters, so that calling them needs no
 * reflection.
 */
final class ForeignFunctions {

    private static final int OLDEST_JDK = 22;

    private final Object linker;
    private final Object lookup;
    private final Object options;

    private ForeignFunctions(Object linker, Object lookup, Object options) {
        this.linker = linker;
        this.lookup = lookup;
        this.options = options;
    }

    /** Returns true if the JDK has {@code java.lang.foreign}. */
    static boolean isSupported() {
        return Runtime.version().feature() >= OLDEST_JDK;
    }

    /** Returns true if the JVM was started with the permission for this module; asking does not log a warning. */
    static boolean isPermitted() {
        try {
            return (boolean) Module.class.getMethod("isNativeAccessEnabled").invoke(ForeignFunctions.class.getModule());
        } catch (ReflectiveOperationException e) {
            return false;
        }
    }

    /** Returns the JVM option that permits the use of this class. */
    static String permission() {
        Module module = ForeignFunctions.class.getModule();
        return "--enable-native-access=" + (module.isNamed() ? module.getName() : "ALL-UNNAMED");
    }

    /** Returns the functions of the C library. Requires {@link #isSupported} and {@link #isPermitted}. */
    static ForeignFunctions ofTheCLibrary() throws ReflectiveOperationException {
        Class<?> type = type("Linker");
        Object linker = type.getMethod("nativeLinker").invoke(null);
        Class<?> option = type("Linker$Option");
        Object errno =
                option.getMethod("captureCallState", String[].class).invoke(null, (Object) new String[] {"errno"});
        Object options = Array.newInstance(option, 1);
        Array.set(options, 0, errno);
        return new ForeignFunctions(linker, type.getMethod("defaultLookup").invoke(linker), options);
    }

    /**
     * Returns a function that returns an int and sets errno. The first parameter of the handle is an Object, the
     * {@link #segment} for errno; the others follow.
     *
     * @param parameters {@code int.class}, or {@code long.class} also for a pointer
     * @throws ReflectiveOperationException if the library does not have the function
     */
    MethodHandle function(String name, Class<?>... parameters) throws ReflectiveOperationException {
        Optional<?> symbol = (Optional<?>)
                type("SymbolLookup").getMethod("find", String.class).invoke(lookup, name);
        if (symbol.isEmpty()) {
            throw new NoSuchMethodException(name);
        }
        Class<?> layout = type("MemoryLayout");
        Object layouts = Array.newInstance(layout, parameters.length);
        for (int i = 0; i < parameters.length; i++) {
            Array.set(layouts, i, layoutOf(parameters[i]));
        }
        Class<?> descriptor = type("FunctionDescriptor");
        Object described =
                descriptor.getMethod("of", layout, layouts.getClass()).invoke(null, layoutOf(int.class), layouts);
        MethodHandle handle = (MethodHandle) type("Linker")
                .getMethod("downcallHandle", type("MemorySegment"), descriptor, options.getClass())
                .invoke(linker, symbol.get(), described, options);
        return handle.asType(typeOf(parameters));
    }

    /** Returns a handle that takes the same arguments as {@link #function}, and returns 0. */
    static MethodHandle missing(Class<?>... parameters) {
        return MethodHandles.empty(typeOf(parameters));
    }

    private static MethodType typeOf(Class<?>... parameters) {
        return MethodType.methodType(int.class, Object.class, parameters);
    }

    private static @Nullable Object layoutOf(Class<?> primitive) throws ReflectiveOperationException {
        return type("ValueLayout")
                .getField(primitive == int.class ? "JAVA_INT" : "JAVA_LONG")
                .get(null);
    }

    /** Returns the memory of a direct buffer as an argument for errno. */
    static Object segment(Buffer direct) {
        try {
            return type("MemorySegment").getMethod("ofBuffer", Buffer.class).invoke(null, direct);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("java.lang.foreign", e);
        }
    }

    /** Returns the address of the memory of a direct buffer, which the caller has to keep reachable. */
    static long address(Buffer direct) {
        try {
            return (long) type("MemorySegment").getMethod("address").invoke(segment(direct));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("java.lang.foreign", e);
        }
    }

    private static Class<?> type(String name) throws ClassNotFoundException {
        return Class.forName("java.lang.foreign." + name);
    }
}

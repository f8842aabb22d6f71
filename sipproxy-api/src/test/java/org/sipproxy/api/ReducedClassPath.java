package org.sipproxy.api;

import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Class path of the tests without some jars, for classes that are loaded apart from those of the tests. */
public final class ReducedClassPath {

    /**
     * Never there, so that NIO is used: when the class loader is collected, the native code unregisters the methods of
     * the first class of that name, which is the one of the other tests in this JVM.
     */
    private static final String NATIVE_CODE = "netty-transport-native-";

    private ReducedClassPath() {}

    /** Returns a class loader for the class path without the jars whose name starts with this. */
    public static URLClassLoader without(String jars) throws MalformedURLException {
        List<URL> path = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            String name = Path.of(entry).getFileName().toString();
            if (!name.startsWith(jars) && !name.startsWith(NATIVE_CODE)) {
                path.add(new File(entry).toURI().toURL());
            }
        }
        return new URLClassLoader(path.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
    }
}

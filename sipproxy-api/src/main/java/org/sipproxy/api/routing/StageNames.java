package org.sipproxy.api.routing;

/** Names of stages. */
final class StageNames {

    private StageNames() {}

    /** Returns the simple class name, and for a lambda the class that contains it. */
    static String of(Class<?> type) {
        String name = type.getSimpleName();
        int lambda = name.indexOf("$$Lambda");
        return lambda < 0 ? name : name.substring(0, lambda) + " (lambda)";
    }

    /** Returns a name that the host application has given. */
    static String require(String name) {
        if (name.isBlank()) {
            throw new IllegalArgumentException("name: empty; give the stage a name for logs");
        }
        return name;
    }
}

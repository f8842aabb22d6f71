package org.sipproxy.api.routing;

/** Default names of stages. */
final class StageNames {

    private StageNames() {}

    /** Returns the simple class name, and for a lambda the class that contains it. */
    static String of(Class<?> type) {
        String name = type.getSimpleName();
        int lambda = name.indexOf("$$Lambda");
        return lambda < 0 ? name : name.substring(0, lambda) + " (lambda)";
    }
}

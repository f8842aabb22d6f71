package org.sipproxy.server.web;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The paths that the server serves. A path is matched as a whole, without decoding, so that a request can reach nothing
 * but what was added. Thread-safe.
 */
public final class WebRoutes {

    private final Map<String, WebRoute> routes = new ConcurrentHashMap<>();
    private final Set<String> open = ConcurrentHashMap.newKeySet();

    /**
     * Adds a route.
     *
     * @param path such as {@code /health/live}
     * @throws IllegalArgumentException if the path does not begin with a slash, or is there already
     */
    public WebRoutes add(String path, WebRoute route) {
        if (!path.startsWith("/")) {
            throw new IllegalArgumentException("path: " + path + " (expected a slash at its beginning)");
        }
        if (routes.putIfAbsent(path, route) != null) {
            throw new IllegalArgumentException("path: " + path + " has a route already");
        }
        return this;
    }

    /**
     * Adds a file that is served without a token and to requests of other sites, because it holds no data.
     *
     * @throws IllegalArgumentException as {@link #add} does
     */
    public WebRoutes addPublic(String path, WebResponse file) {
        add(path, request -> file);
        open.add(path);
        return this;
    }

    boolean isPublic(String path) {
        return open.contains(path);
    }

    Optional<WebRoute> at(String path) {
        return Optional.ofNullable(routes.get(path));
    }

    /** Returns the paths, sorted. */
    Iterable<String> paths() {
        return new TreeMap<>(routes).keySet();
    }
}

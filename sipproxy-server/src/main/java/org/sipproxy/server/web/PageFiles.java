package org.sipproxy.server.web;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;

/** Files of the page. They hold no data, so they are served without a token. */
final class PageFiles {

    private static final Map<String, String> TYPES = Map.of(
            "index.html", "text/html",
            "page.css", "text/css",
            "page.js", "text/javascript",
            "ladder.js", "text/javascript",
            "view.js", "text/javascript",
            "icon.svg", "image/svg+xml");

    private PageFiles() {}

    static void addTo(WebRoutes routes) {
        TYPES.forEach((name, type) -> {
            WebResponse response = new WebResponse(200, type + "; charset=utf-8", read(name));
            routes.addPublic(name.equals("index.html") ? "/" : "/" + name, response);
        });
    }

    private static byte[] read(String name) {
        try (InputStream file = PageFiles.class.getResourceAsStream(name)) {
            if (file == null) {
                throw new IllegalStateException(name + " is missing from the jar");
            }
            return file.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

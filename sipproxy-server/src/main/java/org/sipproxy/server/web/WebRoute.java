package org.sipproxy.server.web;

/** What is served at one path. Called by several threads at a time. */
@FunctionalInterface
public interface WebRoute {

    /**
     * Returns the response to a GET request; for HEAD, the body is not sent. May block for a second. If it throws, the
     * client gets 500 and the exception is logged.
     */
    WebResponse get(WebRequest request);
}

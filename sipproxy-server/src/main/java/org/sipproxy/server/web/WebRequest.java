package org.sipproxy.server.web;

/**
 * A GET request that may be served.
 *
 * @param path the path as the client sent it, not decoded
 * @param query what follows the question mark, not decoded; empty for none
 */
public record WebRequest(String path, String query) {}

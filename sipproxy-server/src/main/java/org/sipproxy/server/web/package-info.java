/**
 * HTTP interface of the server: metrics, health.
 *
 * <p>Start reading at {@link org.sipproxy.server.web.WebServer}. {@link org.sipproxy.server.web.WebRoutes} is the list of
 * what it serves, and the place for more; a route is a function from a request to a response. What applies to every
 * request is in {@link org.sipproxy.server.web.WebHandler}: access, methods, security headers.
 *
 * <p>Does not speak TLS: put a reverse proxy before it.
 */
@NullMarked
package org.sipproxy.server.web;

import org.jspecify.annotations.NullMarked;

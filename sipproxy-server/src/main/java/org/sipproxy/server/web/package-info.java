/**
 * HTTP interface of the server: the page with its data, metrics, health.
 *
 * <p>Start reading at {@link org.sipproxy.server.web.WebServer}. {@link org.sipproxy.server.web.WebRoutes} is the list of
 * what it serves, and the place for more; a route is a function from a request to a response. What applies to every
 * request is in {@link org.sipproxy.server.web.WebHandler}: access, methods, security headers. {@link
 * org.sipproxy.server.web.WebContents} puts the routes of a server together; those of the page read the operations of the
 * control channel. The page itself is a few files in the resources of this package, without a build of their own.
 *
 * <p>Does not speak TLS: put a reverse proxy before it.
 */
@NullMarked
package org.sipproxy.server.web;

import org.jspecify.annotations.NullMarked;

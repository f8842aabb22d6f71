/**
 * Add-ons that take part in a proxy at several places at once, such as NAT traversal, an access list or accounting.
 *
 * <p>Start with {@link org.sipproxy.api.component.ProxyComponent}, which host applications implement and pass to the
 * proxy's builder. It registers its stages, filters and listeners with
 * {@link org.sipproxy.api.component.ComponentHooks}, and uses the running proxy through
 * {@link org.sipproxy.api.component.ProxyRuntime}.
 *
 * <p>A single stage needs no component: see {@link org.sipproxy.api.routing}. Does not cover access to the proxy's
 * transactions or sockets.
 */
@NullMarked
package org.sipproxy.api.component;

import org.jspecify.annotations.NullMarked;

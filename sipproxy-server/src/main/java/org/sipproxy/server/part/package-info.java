/**
 * What runs in the server beside the proxy.
 *
 * <p>Start reading at {@link org.sipproxy.server.part.ServerPart}. The options of the command line create the parts;
 * {@code RunCommand} starts and stops them. This package knows no part.
 */
@NullMarked
package org.sipproxy.server.part;

import org.jspecify.annotations.NullMarked;

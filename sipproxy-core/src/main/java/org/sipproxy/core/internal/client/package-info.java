/**
 * Text of the requests that the host application sends itself.
 *
 * <p>Start with {@code HostRequestWriter}, which writes such a request. {@code DigestSession} of the API has its
 * credentials.
 *
 * <p>Does not send anything: {@code HostRequests} in {@code internal.engine} passes the requests to
 * {@code internal.forwarding}, which sends them like forwarded ones.
 */
@NullMarked
package org.sipproxy.core.internal.client;

import org.jspecify.annotations.NullMarked;

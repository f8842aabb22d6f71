/** Where the proxy listens and how a message came in. */
@NullMarked
package org.sipproxy.api.transport;

import org.jspecify.annotations.NullMarked;

/** A softphone on the JAIN-SIP reference implementation: a foreign SIP stack to talk to the proxy with. */
@NullMarked
package org.sipproxy.samples.phone;

import org.jspecify.annotations.NullMarked;

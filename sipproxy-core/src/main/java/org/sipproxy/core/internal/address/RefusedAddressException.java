package org.sipproxy.core.internal.address;

import java.net.InetSocketAddress;
import org.sipproxy.message.HostName;

/** Thrown if a sender may not have messages sent to an address; see {@link AddressPolicy}. Has no stack trace. */
public final class RefusedAddressException extends Exception {

    private static final long serialVersionUID = 1;

    RefusedAddressException(InetSocketAddress to, String why) {
        super(HostName.text(to.getAddress()) + ":" + to.getPort() + " " + why, null, false, false);
    }
}

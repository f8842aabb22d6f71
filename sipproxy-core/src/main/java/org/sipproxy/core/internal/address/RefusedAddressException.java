package org.sipproxy.core.internal.address;

import java.net.InetSocketAddress;
import org.sipproxy.message.HostName;

/** Bytes may not be sent to an address on behalf of a certain sender: see {@link AddressPolicy}. Has no stack trace. */
public final class RefusedAddressException extends Exception {

    private static final long serialVersionUID = 1;

    RefusedAddressException(InetSocketAddress to, String why) {
        super(HostName.text(to.getAddress()) + ":" + to.getPort() + " " + why, null, false, false);
    }
}

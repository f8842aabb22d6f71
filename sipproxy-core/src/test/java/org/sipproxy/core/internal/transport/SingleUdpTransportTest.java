package org.sipproxy.core.internal.transport;

/** UDP with a system call for each datagram. */
class SingleUdpTransportTest extends UdpTransportContract {

    SingleUdpTransportTest() {
        super(UdpIo.SINGLE);
    }
}

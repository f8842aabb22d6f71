/** Host application that uses every module of the library. */
module org.sipproxy.hosts.all {
    requires jain.sip.ri;
    requires micrometer.core;
    requires org.sipproxy.api;
    requires org.sipproxy.core;
    requires org.sipproxy.gateway;
    requires org.sipproxy.jdbc;
    requires org.sipproxy.message;
    requires org.sipproxy.micrometer;
    requires org.sipproxy.nat;
    requires org.sipproxy.security;
    requires org.sipproxy.testkit;
}

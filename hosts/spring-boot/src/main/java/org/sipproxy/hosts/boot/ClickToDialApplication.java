package org.sipproxy.hosts.boot;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Telephones and a web page's call button: a proxy for the users of the properties, and {@code POST /calls}. */
@SpringBootApplication
public class ClickToDialApplication {

    public static void main(String[] args) {
        SpringApplication.run(ClickToDialApplication.class, args);
    }
}

CREATE TABLE `tasks` (
  `id` int NOT NULL AUTO_INCREMENT,
  `note` varchar(9) DEFAULT 'it\'s', # it's DEFAULT now()
  `now` varchar(9) DEFAULT "CURRENT_TIMESTAMP",
  `created_at_ms` bigint NOT NULL,
  FOREIGN KEY (`id`) REFERENCES `others` (`id`) ON UPDATE CASCADE ON DELETE SET DEFAULT
) ENGINE=InnoDB;
/*!40101 SET NAMES utf8 */;

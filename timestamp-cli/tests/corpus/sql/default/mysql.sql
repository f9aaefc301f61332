CREATE TABLE `tasks` (
  `id` int NOT NULL AUTO_INCREMENT,
  `note` varchar(9) DEFAULT 'it\'s', # it's a comment of MySQL
  `created_at` timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), --~ sql/naive-type sql/default
  `updated_at` datetime DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, --~ sql/naive-type sql/default sql/default
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;
/*!50003 ALTER TABLE `tasks` MODIFY `seen_at` datetime DEFAULT NOW() */; --~ sql/naive-type sql/default

import { LabIcon } from '@jupyterlab/ui-components';

import internSvg from '../style/icons/intern.svg';

/** The intern's icon; it follows the theme's colours. */
export const internIcon = new LabIcon({
  name: 'ml-intern-jlab:intern',
  svgstr: internSvg
});
